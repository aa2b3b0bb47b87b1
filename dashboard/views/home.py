"""Home."""

from dashboard.components import shell

shell.header("Home")
