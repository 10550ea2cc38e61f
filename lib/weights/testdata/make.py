"""Writes the .pth files of this folder with PyTorch itself, and beside each the
values that PyTorch reads back from it (NAME.json). Run: python3 make.py"""
import collections, json, os, zipfile

import torch

os.chdir(os.path.dirname(os.path.abspath(__file__)))
torch.manual_seed(1)
DTYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
          torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
          torch.uint8: "U8", torch.bool: "BOOL"}


def tensors(value, path=()):
    if isinstance(value, torch.Tensor):
        yield ".".join(path), value
    elif isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from tensors(item, path + (str(key),))


def save(name, value, **options):
    torch.save(value, name, **options)
    with open(name + ".json", "w") as f:
        json.dump([{"name": n, "dtype": DTYPES[t.dtype], "shape": list(t.shape),
                    "values": t.detach().double().flatten().tolist()}
                   for n, t in tensors(torch.load(name))], f)


base = torch.randn(6, 8)
value = collections.OrderedDict(
    plain=torch.randn(2, 3, 2), scalar=torch.tensor(2.5), empty=torch.zeros(0, 3),
    f16=torch.tensor([1.0, -2.5, 65504.0, 6e-8, 6.1e-5, 1 / 3]).half(),
    bf16=torch.tensor([1.0, -2.5, 3e38, 1e-40, 1 / 3]).bfloat16(),
    f64=torch.tensor([1 / 3, 1e-300]).double(), i64=torch.tensor([-(2**62), 5]),
    i32=torch.tensor([-(2**31), 7], dtype=torch.int32), i16=torch.tensor([-32768, 3], dtype=torch.int16),
    i8=torch.tensor([-128, 127], dtype=torch.int8), u8=torch.tensor([0, 255], dtype=torch.uint8),
    flags=torch.tensor([True, False]),
    whole=base, transposed=base.t(), window=base[1:5, 2:7:2], column=base[:, 3], last=base[5],
    repeated=torch.tensor([[1.0], [2.0]]).expand(2, 3), parameter=torch.nn.Parameter(torch.randn(3)))
save("zip.pth", value)
save("legacy.pth", value, _use_new_zipfile_serialization=False)
save("protocol4.pth", value, pickle_protocol=4)
save("legacy4.pth", value, pickle_protocol=4, _use_new_zipfile_serialization=False)

net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
save("module.pth", net.state_dict())
save("module_legacy.pth", net.state_dict(), _use_new_zipfile_serialization=False)

optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
net(torch.randn(2, 2, 5, 5)).sum().backward()
optimizer.step()
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[70, 90], gamma=0.33)
save("checkpoint.pt", {"epoch": 7, "best": 0.75, "note": "grün", "done": True, "none": None, "big": 2**100, "minus": -3,
                       "parallel_flows": [net.state_dict(), torch.nn.Linear(2, 2).state_dict()],
                       "fusion_flow": torch.nn.Linear(1, 2).state_dict(), "size": torch.Size([4, 5]),
                       "optimizer": optimizer.state_dict(), "milestones": schedule.state_dict()["milestones"]})


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


torch.save({"weight": torch.ones(2), "extra": Evil()}, "evil.pth")
torch.save({"weight": torch.ones(2), "extra": Evil()}, "evil_legacy.pth", _use_new_zipfile_serialization=False)
torch.save(net, "whole_module.pth")
