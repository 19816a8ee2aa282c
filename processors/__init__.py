"""What happens to pictures and sound: files in, findings or frames out."""
