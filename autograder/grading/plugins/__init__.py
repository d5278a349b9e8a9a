"""What nbgrader is told to use of ours, by `nbgrader_config.py`: one module a seam."""
