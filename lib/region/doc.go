// Package region turns an anomaly map into defects: the connected regions where the map is high, each with its area, score,
// centroid, box and outline, a mask of them, and both as COCO annotations.
//
// Places are given as x and y from the top left corner of the picture, in pixels: pixel (column, row) covers the square
// from (column, row) to (column+1, row+1), so its middle is at (column+½, row+½). Outlines run along the edges of pixels.
package region
