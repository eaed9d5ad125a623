"""What all tests share."""

from hypothesis import settings

# The machine's load must not decide a test; how many examples are drawn is each law's own business.
settings.register_profile("poolkeeper", deadline=None, print_blob=True)
settings.load_profile("poolkeeper")
