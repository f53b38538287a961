"""Tools of the photo desk: each turns the pointer's way over the picture into prompts or edits."""
