"""Expressions of Qlib, computed for all instruments at once, equal to Qlib's own bit for bit.

What may be imported from here: `quantpits.modeling.expressions.load`, inside functions, because it
imports Qlib. What must never be here: what is done with features after they were loaded, and
anything that is kept on disk (`features` has both).
"""
