// Package detector is MSFlow, and the models that it is compared with, as a person uses them: images go in, anomaly maps,
// scores and metrics come out.
//
// A Detector joins a frozen backbone, pooled to a feature pyramid, and a multi-scale flow that learns the density of the
// normal images' features (arXiv 2308.15300). Fit trains the flow, Test judges it on labelled images, Predict scores
// images of which nothing is known, Save and Load keep it in one file.
package detector
