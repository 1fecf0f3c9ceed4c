"""Measurements that print ratios against named peers."""
