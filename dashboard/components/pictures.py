"""Pixels to what a browser shows or saves: see `core.reporting.pictures`."""

from core.reporting.pictures import BLANK, address, outlined, png, small, tiff

__all__ = ["BLANK", "address", "outlined", "png", "small", "tiff"]
