"""The style pictures of nst, and the script that paints them (`python -m styles.make`)."""
