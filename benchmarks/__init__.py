"""The numbers this project promises, measured side by side: `make bench`."""
