"""Newer versions of the packages that the code needs: the three locks, renewed together."""
