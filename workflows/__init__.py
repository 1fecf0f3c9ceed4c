"""What runs in a Flyte pod: one photo in, one painted picture out."""
