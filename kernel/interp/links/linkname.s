// This file lets the package declare functions that are defined elsewhere.
