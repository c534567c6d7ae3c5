"""Objects of any class, whole: attributes, operators, generators, coroutines, and one call at a time."""
