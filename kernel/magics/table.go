package magics

import "slices"

// magic is a command that cells can hold between their lines of Go.
type magic struct {
	name, args, help string // the name has its sign: "%time", "%%writefile"
	run              func(*call) error
}

// magics are all of them. What they take is one line of text, and for a name with %% the rest of the cell.
var magics []magic

func init() {
	magics = []magic{
		{"%time", "STATEMENT", "run a statement and say how long it took", (*call).time},
		{"%%time", "", "run the rest of the cell and say how long it took", (*call).timeBody},
		{"%timeit", "STATEMENT", "run a statement many times and give mean and deviation", (*call).timeit},
		{"%test", "[REGEXP] [-v] [FLAGS]", "run the cells' Test, Example and Fuzz functions as go test does", (*call).test},
		{"%bench", "[REGEXP] [FLAGS]", "run the cells' Benchmark functions", (*call).bench},
		{"%who", "", "list the names that cells declared", (*call).who},
		{"%whos", "", "list the names with kind, type, shape, size and value", (*call).whos},
		{"%engine", "", "say which evaluator runs the cells", (*call).engine},
		{"%rm", "NAME...", "forget declarations and imports of these names", (*call).remove},
		{"%reset", "", "forget all declarations and imports", (*call).reset},
		{"%get", "MODULE[@VERSION]", "fetch a module for import", (*call).get},
		{"%run", "FILE.go [ARGS]", "run a program in the interpreter, apart from the session", (*call).program},
		{"%args", "[ARGS]", "set what cells see in os.Args after the program's name", (*call).arguments},
		{"%cd", "[DIR]", "change the working directory", (*call).cd},
		{"%pwd", "", "print the working directory", (*call).pwd},
		{"%env", "[NAME[=VALUE]]", "print or set environment variables", (*call).env},
		{"%%", "[ARGS]", "run the rest of the cell, which GoNB puts into func main", (*call).main},
		{"%%writefile", "FILE", "write the rest of the cell to a file", (*call).writeFile},
		{"%%bash", "", "run the rest of the cell in bash", (*call).bash},
		{"%with_inputs", "", "let the next command of the cell (!, %%bash, %run) ask for lines of input", (*call).withInputs},
		{"%with_password", "", "let it ask for one line that is not shown", (*call).withPassword},
		{"%%capture", "NAME", "run the rest of the cell and keep what it prints in a string", (*call).capture},
		{"%history", "[-g] [-n N] [PATTERN]", "list this session's inputs, or with -g those of all sessions", (*call).listHistory},
		{"%save", "FILE [LINES]", "write inputs, all or those of lines 1-3 5, to a notebook or Go file", (*call).save},
		{"%load", "FILE", "put a Go file, or a notebook's code, into the cell", (*call).load},
		{"%page", "[EXPRESSION]", "show a long value, or the last one, a screenful at a time", (*call).page},
		{"%help", "", "list all commands and keys", (*call).help},
		{"%lsmagic", "", "list all commands", (*call).help},
		{"!", "COMMAND", "run a shell command; {EXPRESSION} stands for the value of Go", (*call).shell},
		{"?", "NAME", "describe a name; ?? shows its source (also NAME? and NAME??)", (*call).describe},
	}
}

func find(name string) *magic {
	i := slices.IndexFunc(magics, func(m magic) bool { return m.name == name })
	if i < 0 {
		return nil
	}
	return &magics[i]
}
