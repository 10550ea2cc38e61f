/* Go's programs take random numbers from bcryptprimitives.dll, which Wine has since version 9. advapi32 gives the same. */
#include <windows.h>

BOOLEAN WINAPI SystemFunction036(void *buffer, ULONG length); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *buffer, SIZE_T length) { return SystemFunction036(buffer, (ULONG)length); }
