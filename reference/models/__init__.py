"""Whole language models: from ids to the scores of the next one."""
