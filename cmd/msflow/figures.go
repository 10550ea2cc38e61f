package main

import (
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/train"
)

func drawTraining(folder runFolder, history []train.Epoch) error { return nil }
func drawResult(out string, r *detector.Result, maps int) error  { return nil }
func drawPrediction(base string, p detector.Prediction) error    { return nil }
