package repl

// keyHelp is what %help says of the keys.
const keyHelp = `
Enter        runs what is complete and opens a line for what is not
Alt-Enter    opens a line
Tab          completes; a second Tab goes through the list
Shift-Tab    describes the name at the cursor
Up, Down     inputs that begin as what stands before the cursor
Ctrl-R       searches the inputs of all sessions by any of their letters
Ctrl-C       clears the input, stops a running cell
Ctrl-D       leaves, as exit does; Ctrl-\ leaves at once, whatever runs
Ctrl-L       clears the screen; Ctrl-Z suspends; Ctrl-_ and Alt-_ undo and redo
Ctrl-Left/Right go by words, Ctrl-A and Ctrl-E to the ends of the line,
Ctrl-K, Ctrl-U and Ctrl-W cut, Ctrl-Y pastes what was cut.

The last expression of an input is its result; a ; after it keeps it from being
shown. _ is the last result, Out[3] that of In [3].
`

// Keys is the keys of this front end; see magics.Keyed.
func (o *output) Keys() string { return keyHelp }
