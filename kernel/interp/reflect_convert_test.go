package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestReflectConvert(t *testing.T) {
	interptest.Needs(t, "reflect_convert", `package main
import ("fmt"; "net/url"; "reflect"; "time")
type W time.Time
type U url.URL
func main() {
	v := reflect.ValueOf(time.Unix(0, 0))
	fmt.Println(v.CanConvert(reflect.TypeOf(W{})), time.Time(v.Convert(reflect.TypeOf(W{})).Interface().(W)).Unix())
	u := reflect.ValueOf(&url.URL{Host: "h"}).Convert(reflect.TypeOf(&U{})).Interface().(*U)
	fmt.Println(u.Host, v.CanConvert(reflect.TypeOf(U{})))
}`, "true 0\nh false")
}
