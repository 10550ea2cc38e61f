// Package cell says what a cell is: a piece of Go with declarations, statements and imports in any mix, and lines of
// magics. It cuts a cell into its parts, parses them and makes variables of the package of x := f(), says whether it is
// complete, and knows what every cell can use without declaring it. Whoever reads cells follows these rules: the engine
// that runs them, front ends, and the translation of notebooks into programs. It uses nothing but the standard library.
package cell
