/* Starts the program that its arguments name, waits for it, and says how it ended. */
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv) {
	pid_t child;
	int status;
	if (argc < 2 || posix_spawn(&child, argv[1], 0, 0, argv + 1, environ) || waitpid(child, &status, 0) < 0)
		return 1;
	printf("%s: the program ended with %d\n", argv[0], WEXITSTATUS(status));
	return status != 0;
}
