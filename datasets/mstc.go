package datasets

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// frameStep is how many video frames there are to one image of the set.
const frameStep = 5

// MSTC opens the ShanghaiTech Campus videos, extracted into frames: training/frames/SCENE_VIDEO/000.jpg,
// testing/frames/SCENE_VIDEO/000.jpg, testing/test_frame_mask/SCENE_VIDEO.npy (a label for each frame) and
// testing/test_pixel_mask/SCENE_VIDEO.npy (N,H,W). Every fifth frame is taken, as in the published results. Class chooses
// one scene; without it all scenes are one data set.
func MSTC(dir string, opts ...Option) (*Data, error) {
	s, err := apply(opts, "Class")
	if err != nil {
		return nil, fmt.Errorf("mstc: %w", err)
	}
	name := "mstc"
	if s.class != "" {
		scenes, err := mstcScenes(dir)
		if err == nil {
			_, err = chooseClass(s.class, scenes)
		}
		if err != nil {
			return nil, fmt.Errorf("mstc: %w", err)
		}
		name += "/" + s.class
	}
	train, err := listVideos(dir, "training", s.class, normalVideo)
	if err != nil {
		return nil, fmt.Errorf("mstc: %w", err)
	}
	test, err := listVideos(dir, "testing", s.class, labelledVideo)
	if err != nil {
		return nil, fmt.Errorf("mstc: %w", err)
	}
	return s.data(name, dir, train, nil, test)
}

// mstcScenes lists the scenes of the training videos.
func mstcScenes(dir string) ([]string, error) {
	videos, err := listDirs(filepath.Join(dir, "training", "frames"))
	if err != nil {
		return nil, err
	}
	for i, video := range videos {
		videos[i] = sceneOf(video)
	}
	return slices.Compact(videos), nil
}

func sceneOf(video string) string {
	scene, _, _ := strings.Cut(video, "_")
	return scene
}

// listVideos lists the frames of each video of a scene, or of all; list makes the samples of one.
func listVideos(dir, part, scene string, list func(dir, part, video string, frames []string) (Set, error)) (Set, error) {
	videos, err := listDirs(filepath.Join(dir, part, "frames"))
	if err != nil {
		return nil, err
	}
	var set Set
	for _, video := range videos {
		if scene != "" && sceneOf(video) != scene {
			continue
		}
		frames, err := listImages(filepath.Join(dir, part, "frames", video))
		if err != nil {
			return nil, err
		}
		more, err := list(dir, part, video, frames)
		if err != nil {
			return nil, err
		}
		set = append(set, more...)
	}
	return set, nil
}

func videoFrame(dir, part, video, frame string) (name string, src fileSource) {
	name = part + "/frames/" + video + "/" + frame
	return name, fileSource{image: filepath.Join(dir, filepath.FromSlash(name))}
}

func normalVideo(dir, part, video string, frames []string) (Set, error) {
	var set Set
	for i := 0; i < len(frames); i += frameStep {
		name, src := videoFrame(dir, part, video, frames[i])
		set = append(set, fileSample(name, sceneOf(video), Good, src))
	}
	return set, nil
}

func labelledVideo(dir, part, video string, frames []string) (Set, error) {
	labels, err := videoArray(filepath.Join(dir, part, "test_frame_mask", video+".npy"), len(frames), 1)
	if err != nil {
		return nil, err
	}
	pixels, err := videoArray(filepath.Join(dir, part, "test_pixel_mask", video+".npy"), len(frames), 3)
	if err != nil {
		return nil, err
	}
	var set Set
	for i := 0; i < len(frames); i += frameStep {
		flags, err := labels.flags(i)
		if err != nil {
			return nil, err
		}
		name, src := videoFrame(dir, part, video, frames[i])
		if flags[0] == 0 {
			set = append(set, fileSample(name, sceneOf(video), Good, src))
			continue
		}
		sample := fileSample(name, sceneOf(video), "event", src)
		sample.pixels = videoSource{sample.pixels.(fileSource), pixels, i}
		set = append(set, sample)
	}
	return set, nil
}

func videoArray(path string, frames, dimensions int) (npyArray, error) {
	a, err := openNPY(path)
	if err == nil && (len(a.shape) != dimensions || a.shape[0] != frames) {
		err = fmt.Errorf("%s: shape %v for a video of %d frames", Printable(path), a.shape, frames)
	}
	return a, err
}

// videoSource is a frame whose mask is one item of an array.
type videoSource struct {
	frame fileSource
	masks npyArray
	item  int
}

func (v videoSource) hasMask() bool { return true }

func (v videoSource) read(how *reading) (picture.Raster, *Mask, error) {
	pic, _, err := v.frame.read(how)
	if err != nil {
		return pic, nil, err
	}
	flags, err := v.masks.flags(v.item)
	if err == nil {
		err = v.sameSize(pic.W, pic.H)
	}
	return pic, &Mask{pic.W, pic.H, flags}, err
}

func (v videoSource) sameSize(w, h int) error {
	if err := sameSize(w, h, v.masks.shape[2], v.masks.shape[1]); err != nil {
		return fmt.Errorf("%s: %w", Printable(v.masks.path), err)
	}
	return nil
}

func (v videoSource) check(how *reading, depth Depth) (facts, error) {
	found, err := v.frame.check(how, depth)
	if err == nil {
		err = v.sameSize(found.size.X, found.size.Y)
	}
	if err != nil || depth == Headers {
		return found, err
	}
	flags, err := v.masks.flags(v.item)
	found.mask = &Mask{found.size.X, found.size.Y, flags}
	return found, err
}
