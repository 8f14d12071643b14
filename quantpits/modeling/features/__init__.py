"""Raw features of models: computed once, shared, kept on disk, extended by new days.

What may be imported from here: the stores (`store`, `folds`), the cache that they are given, and
what reports say of their use. What must never be here: processors, labels that are kept, models.
"""
