"""A lesson that was given as a page that shows it, and each of its steps as a picture. Pure: a record in, text out."""
