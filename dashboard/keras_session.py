"""Keras, left alone while pages come and go.

Streamlit ends every rerun with `keras.backend.clear_session()`, meant for pages that build a
network each time they are drawn. Here networks are loaded once and work in threads that outlive
reruns: clearing under them drops the compiled kernels that they use and holds all threads up for
as long as it takes to collect garbage, twice a second while a page shows progress.
"""


def keep() -> None:
    """Let reruns of Streamlit clear nothing of Keras. Imports Keras, so call it when needed.

    `keras.utils.clear_session` still works for who means it.
    """
    import keras

    keras.backend.clear_session = left_alone


def left_alone(free_memory: bool = True) -> None:
    """Stands where Streamlit finds Keras's own."""
