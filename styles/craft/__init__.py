"""What every painter needs: noise, colour, a brush, and light on paint."""
