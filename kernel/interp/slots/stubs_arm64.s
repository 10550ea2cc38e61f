#include "textflag.h"

// SLOT is the code of a slot: its number in a register that Go's calls leave free, and on to what all share.
#define SLOT(n) MOVD $(n), R19; JMP ·enter(SB);
#define SLOTS8(n) SLOT(n) SLOT(n+1) SLOT(n+2) SLOT(n+3) SLOT(n+4) SLOT(n+5) SLOT(n+6) SLOT(n+7)
#define SLOTS64(n) SLOTS8(n) SLOTS8(n+8) SLOTS8(n+16) SLOTS8(n+24) SLOTS8(n+32) SLOTS8(n+40) SLOTS8(n+48) SLOTS8(n+56)
#define SLOTS512(n) SLOTS64(n) SLOTS64(n+64) SLOTS64(n+128) SLOTS64(n+192) SLOTS64(n+256) SLOTS64(n+320) SLOTS64(n+384) SLOTS64(n+448)
#define SLOTS4096(n) SLOTS512(n) SLOTS512(n+512) SLOTS512(n+1024) SLOTS512(n+1536) SLOTS512(n+2048) SLOTS512(n+2560) SLOTS512(n+3072) SLOTS512(n+3584)

// stubs are the slots' code, 8 bytes each.
TEXT ·stubs(SB),NOSPLIT|NOFRAME,$0-0
	SLOTS4096(0)
	SLOTS4096(4096)
	SLOTS4096(8192)
	SLOTS4096(12288)
	SLOTS4096(16384)
	SLOTS4096(20480)
	SLOTS4096(24576)
	SLOTS4096(28672)

// enter goes on to the closure of the slot in R19 as a call of a variable would: with the closure in R26, and with the arguments and the
// return address where the caller put them.
TEXT ·enter(SB),NOSPLIT|NOFRAME,$0-0
	MOVD	$·functions(SB), R26
	MOVD	(R26)(R19<<3), R26
	MOVD	(R26), R20
	JMP	(R20)

TEXT ·first(SB),NOSPLIT,$0-8
	MOVD	$·stubs(SB), R0
	MOVD	R0, ret+0(FP)
	RET
