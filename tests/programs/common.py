"""What the programs share: data, weights to start from, and where the losses go.

Each runs as ``python PROGRAM.py WEIGHTS.npz LOSSES.json``.
"""
import json
import os
import sys

import numpy as np
import torch

torch.manual_seed(0)
DIGITS = os.path.join(os.path.dirname(__file__), "..", "..", "nn", "data", "digits.npz")

NAMES = """
ada adele agnes alba alma amelia anna anton arno astrid aurel beate bela bruno carla carl celia clara clemens cora dana daria david dora
edda edgar elena elias elin ella elsa emil emma enid erik ernst esther eva ewald felix fiona flora franz frida georg greta hanna hannes
hans hedda helena helga henry hugo ida ilse ina inge iris irma isa ivo jakob jana jens johanna jonas josef julia karin karl katja klara
konrad lara laura lea lena leo leonie lia lina lisa lothar lotte lucia ludwig luis luisa magda malte mara marek maria marie marta martin
mathilda max mia mila mina mira moritz nadja nele nina noah nora oda olga olivia oskar otto paul paula petra pia quentin ralf rita
robert rosa ruth sara selma sina sofia stella stefan susanne tamara theo thea thomas tilda tim tina ursula vera viktor viola walter
wanda wilma xaver yara yvonne zara zoe
""".split()

TEXT = """
The river comes down from the hills, and nobody has counted the stones that it carries. In spring it is loud and brown, and takes away a
fence or a bridge; in summer the children walk across it and hardly wet their knees. The old man at the mill says that a river is a road
that walks by itself. He has said so for thirty years, and for thirty years the children have asked him where it goes. To the sea, he
says, and the sea goes to the clouds, and the clouds come back to the hills, and so nothing is ever lost, it only takes its time. Then
he lifts the gate, the wheel begins to turn, and the flour falls into the sacks as it did when he was a child and asked the same of
another old man.
"""


def start(*models):
    """Give the models the weights in the file of the first argument; where there is none, write theirs to it."""
    path = sys.argv[1]
    names = [f"{number}.{name}" for number, model in enumerate(models) for name in model.state_dict()]
    if not os.path.exists(path):
        values = [value for model in models for value in model.state_dict().values()]
        np.savez(path, **{name: value.numpy() for name, value in zip(names, values)})
    stored = np.load(path)
    for number, model in enumerate(models):
        model.load_state_dict({name: torch.from_numpy(stored[f"{number}.{name}"]) for name in model.state_dict()})


def finish(losses, **others):
    """Print the losses, and write them to the file of the second argument, with whatever else is to be compared."""
    for step, loss in enumerate(losses):
        print(f"step {step:3d}: loss {loss:.4f}")
    with open(sys.argv[2], "w") as file:
        json.dump({"losses": losses, **others}, file)


def digits():
    """Images (1797, 1, 8, 8) of values from 0 to 1, labels (1797,)."""
    stored = np.load(DIGITS)
    return torch.from_numpy(stored["images"].astype(np.float32) / 16).unsqueeze(1), torch.from_numpy(stored["labels"].astype(np.int64))
