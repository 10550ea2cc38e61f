// Package plots draws the figures of anomaly detection: curves, histograms, likelihood maps, panels of images.
//
// Each kind of figure is one function that returns a *Figure, ready for a notebook cell or a file:
//
//	plots.ROC(result)                             // shown by the notebook
//	plots.Maps(result, plots.Worst(6)).Save("worst.png")
//	plots.Training(run, plots.With("no fusion", other)).Size(900, 600)
//
// What a figure draws comes as a slice or through a small interface named beside the figure (ROCer, Scorer, Gallery …), so
// results of any program can be drawn. A figure also gives its numbers (WriteCSV).
//
// Figures are deterministic: the same data give the same bytes. Text is drawn with the Liberation Sans that is compiled
// in; SVG holds it as outlines, so that it looks the same everywhere. Colours are told apart by colour-blind readers
// (the eight of Okabe and Ito), and the colour maps' lightness rises evenly, so they also work in grey. The background
// is white in light and dark notebooks alike.
//
// A figure that cannot be drawn, because the data are missing or contradict each other, says why in its place, and
// Figure.Err, Save and WriteCSV return the reason.
package plots
