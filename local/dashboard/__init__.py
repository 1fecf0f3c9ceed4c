"""The template's dashboard on one machine: ``body`` is drawn from what a run ``recorded``."""
