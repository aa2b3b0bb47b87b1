"""Train."""

from dashboard.components import shell

shell.header("Train")
