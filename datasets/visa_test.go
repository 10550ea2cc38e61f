package datasets

import (
	"path/filepath"
	"strings"
	"testing"
)

const visaHeader = "object,split,label,image,mask\n"

const visaLines = visaHeader +
	"candle,train,normal,candle/Data/Images/Normal/0000.JPG,\n" +
	"candle,test,normal,candle/Data/Images/Normal/0001.JPG,\n" +
	"candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png\n" +
	"pcb1,train,normal,pcb1/Data/Images/Normal/0000.JPG,\n"

func makeVisA(t *testing.T, table string) string {
	root := makeFiles(t, "candle/Data/Images/Normal/0000.JPG", "candle/Data/Images/Normal/0001.JPG",
		"candle/Data/Images/Anomaly/000.JPG", "candle/Data/Masks/Anomaly/000.png")
	writeFile(t, filepath.Join(root, "split_csv", "1cls.csv"), []byte(table))
	return root
}

func TestVisAOriginal(t *testing.T) {
	root := makeVisA(t, visaLines)
	d, err := VisA(root, Class("candle"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `visa/candle candle
train candle/Data/Images/Normal/0000.JPG good
test candle/Data/Images/Normal/0001.JPG good
test candle/Data/Images/Anomaly/000.JPG bad 6
`
	if got := summary(t, d); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if classes, err := Classes("visa", root); err != nil || strings.Join(classes, ",") != "candle,pcb1" {
		t.Errorf("Classes: %v, %v", classes, err)
	}
}

func TestVisAOtherTable(t *testing.T) {
	root := makeVisA(t, visaLines)
	table := filepath.Join(root, "mine.csv")
	writeFile(t, table, []byte("mask,image,label,split,object\r\n,candle/Data/Images/Normal/0001.JPG,normal,train,candle\r\n"))
	d, err := VisA(root, Class("candle"), Split(table))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Train) != 1 || !strings.HasSuffix(d.Train[0].Name, "0001.JPG") {
		t.Errorf("trains on %v", d.Train)
	}
}

func TestVisABadTables(t *testing.T) {
	for _, c := range []struct{ table, want string }{
		{"", "header"},
		{"object,split,image,mask\n", `no column "label"`},
		{visaHeader + "candle,train,normal\n", "line 2"},
		{visaHeader + "candle,train,anomaly,a.jpg,m.png\n", "only normal images train"},
		{visaHeader + "candle,val,normal,a.jpg,\n", `split "val"`},
		{visaHeader + "candle,test,odd,a.jpg,\n", `label "odd"`},
		{visaHeader + "candle,test,normal,../../a.jpg,\n", "no path within"},
		{visaHeader + "candle,test,anomaly,a.jpg,\n", "mask \"\""},
		{visaHeader + "candle,train,normal,\"a.jpg\n", "quote"},
	} {
		root := t.TempDir()
		writeFile(t, filepath.Join(root, "split_csv", "1cls.csv"), []byte(c.table))
		_, err := VisA(root, Class("candle"))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "1cls.csv") {
			t.Errorf("%q: error %v, want one with %q and the file's name", c.table, err, c.want)
		}
	}
}

func FuzzParseVisATable(f *testing.F) {
	f.Add(visaLines)
	f.Add("mask,label,image,split,object\n\"\",normal,\"a\nb\",train,x\n")
	f.Fuzz(func(t *testing.T, table string) {
		rows, err := parseVisATable(table)
		if err != nil {
			return
		}
		for _, row := range rows {
			if row.train && row.anomalous || row.object == "" || !filepath.IsLocal(row.image) {
				t.Fatalf("accepted %+v", row)
			}
		}
	})
}
