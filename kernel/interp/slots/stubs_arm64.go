package slots

// stride is how many bytes the code of a slot takes: two instructions.
const stride = 8
