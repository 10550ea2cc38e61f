// Package sweep makes the tables of a paper: every class, every seed, every model of a plan, one run of `msflow train` and
// `msflow eval` each. A plan is a YAML file:
//
//	grid:                      # every combination is a point
//	  dataset: synthetic
//	  class: [gear, fabric]
//	  model: [msflow, patchcore]
//	  seed: [1, 2, 3]
//	flags:                     # the same for all points, those below included
//	  size: 128
//	points:                    # more points, one by one
//	  - {dataset: mtd, data: /data/mtd, seed: 1}
//
// All keys of a point are flags of `msflow train`. A point's folder is named by its content, so a plan that is run again,
// or that has grown, trains what is missing only, and a training that was interrupted goes on where it stood.
package sweep
