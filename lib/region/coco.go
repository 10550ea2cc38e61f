package region

import (
	"path/filepath"
	"time"
)

// COCO is a list of regions in the form of the COCO data sets (https://cocodataset.org/#format-data), which annotation
// programs read. Areas and places are in pixels of the original pictures.
type COCO struct {
	Info        COCOInfo         `json:"info"`
	Images      []COCOImage      `json:"images"`
	Annotations []COCOAnnotation `json:"annotations"`
	Categories  []COCOCategory   `json:"categories"`
}

// COCOInfo says where the annotations come from.
type COCOInfo struct {
	Description string `json:"description"`
	Created     string `json:"date_created,omitempty"`
}

// COCOImage is one picture, with regions or without.
type COCOImage struct {
	ID       int    `json:"id"`
	FileName string `json:"file_name"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
}

// COCOAnnotation is one region. Its segmentation is a list of polygons, or a COCORuns where it has holes.
type COCOAnnotation struct {
	ID           int        `json:"id"`
	ImageID      int        `json:"image_id"`
	CategoryID   int        `json:"category_id"`
	Segmentation any        `json:"segmentation"`
	Area         int        `json:"area"`
	Box          [4]float64 `json:"bbox"`
	IsCrowd      int        `json:"iscrowd"`
	Score        float64    `json:"score"`
}

// COCORuns is a mask as lengths of runs down the columns, pixels outside first.
type COCORuns struct {
	Counts []int  `json:"counts"`
	Size   [2]int `json:"size"` // height, width
}

// COCOCategory is a kind of object.
type COCOCategory struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// anomaly is the only category: the model does not tell one kind of defect from another.
const anomaly = 1

// NewCOCO is an empty list, made at the given time; a zero time is left out.
func NewCOCO(description string, made time.Time) *COCO {
	c := &COCO{
		Info: COCOInfo{Description: description}, Images: []COCOImage{}, Annotations: []COCOAnnotation{},
		Categories: []COCOCategory{{anomaly, "anomaly"}},
	}
	if !made.IsZero() {
		c.Info.Created = made.UTC().Format(time.RFC3339)
	}
	return c
}

// Add appends a picture with its regions.
func (c *COCO) Add(file string, f *Found) {
	image := COCOImage{len(c.Images) + 1, filepath.ToSlash(file), f.W, f.H}
	c.Images = append(c.Images, image)
	for _, r := range f.Regions {
		c.Annotations = append(c.Annotations, COCOAnnotation{
			ID: len(c.Annotations) + 1, ImageID: image.ID, CategoryID: anomaly,
			Segmentation: f.segmentation(r), Area: r.Area, Box: r.Box, Score: r.Score,
		})
	}
}

func (f *Found) segmentation(r Region) any {
	if len(r.Holes) > 0 {
		return f.runs(r)
	}
	flat := make([]float64, 0, 2*len(r.Outline))
	for _, p := range r.Outline {
		flat = append(flat, p[0], p[1])
	}
	return [][]float64{flat}
}

// runs encodes a region's pixels. Only the columns of its box are looked at.
func (f *Found) runs(r Region) COCORuns {
	out := COCORuns{Size: [2]int{f.H, f.W}}
	end := 0 // of the run before, down the columns
	x0, y0 := int(r.Box[0]), int(r.Box[1])
	for x := x0; x < x0+int(r.Box[2]); x++ {
		for y := y0; y < y0+int(r.Box[3]); y++ {
			if !f.is(x, y, r.label) {
				continue
			}
			at := x*f.H + y
			if n := len(out.Counts); at == end && n > 0 {
				out.Counts[n-1]++
			} else {
				out.Counts = append(out.Counts, at-end, 1)
			}
			end = at + 1
		}
	}
	if end < f.H*f.W {
		out.Counts = append(out.Counts, f.H*f.W-end)
	}
	return out
}
