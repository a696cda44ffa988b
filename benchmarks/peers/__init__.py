"""What a competent user of each tool would write for two networks with a cable between them, one file each."""
