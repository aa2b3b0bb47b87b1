from dashboard.components import shell

shell.header("Explain")
