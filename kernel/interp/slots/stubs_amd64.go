package slots

// stride is how many bytes the code of a slot takes: a move of 32 bits (6) and a jump (5).
const stride = 11
