"""Events to try the dispatcher with, as `sam local invoke -e` takes them; made by `make.py`."""
