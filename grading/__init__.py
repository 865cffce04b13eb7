"""Marking with nbgrader: what is added here works for any nbgrader course and knows nothing of this one."""
