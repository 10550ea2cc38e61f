"""Prints the models of ipywidgets that package widgets knows: the state of each as it is by default, with the names of its
layout's and style's models. Usage: models.py
"""
import json

import ipywidgets as w

NAMES = """
Layout ButtonStyle CheckboxStyle DescriptionStyle HTMLStyle HTMLMathStyle LabelStyle ProgressStyle SliderStyle TextStyle
ToggleButtonStyle ToggleButtonsStyle
IntSlider FloatSlider FloatLogSlider IntRangeSlider FloatRangeSlider IntText FloatText BoundedIntText BoundedFloatText
IntProgress FloatProgress Play Checkbox ToggleButton Valid Text Textarea Password Combobox HTML HTMLMath Label ColorPicker
Button Image Output Dropdown RadioButtons Select SelectMultiple SelectionSlider SelectionRangeSlider ToggleButtons
Box HBox VBox GridBox Tab Accordion Stack Link DirectionalLink
""".split()
slider = w.IntSlider()
ARGUMENTS = {
    "Link": dict(source=(slider, "value"), target=(slider, "value")),
    "DirectionalLink": dict(source=(slider, "value"), target=(slider, "value")),
    "SelectionSlider": dict(options=["a"]),
    "SelectionRangeSlider": dict(options=["a"]),
}


def class_of(name):
    for module in (w, w.widget_bool, w.widget_string, w.widget_description, w.widget_int, w.widget_button, w.widget_selection, w.widget_link):
        if hasattr(module, name):
            return getattr(module, name)
    raise SystemExit(f"ipywidgets has no {name}")


def plain(value):
    """A state's value as JSON, with a model's class in the place of its ID."""
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode()
    if isinstance(value, str) and value.startswith("IPY_MODEL_"):
        return "IPY_MODEL_" + type(w.widget._instances[value[len("IPY_MODEL_"):]]).__name__
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


states = {}
for name in NAMES:
    state = class_of(name)(**ARGUMENTS.get(name, {})).get_state()
    states[name] = {key: plain(value) for key, value in state.items()}
print("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(states[name], sort_keys=True)}" for name in sorted(states)) + "\n}")
