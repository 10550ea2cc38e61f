"""jupyter_client's Session as the other side of TestAgainstJupyterClient.

Arguments: the key, and our frames (delimiter first) as a JSON list of base64.
Prints frames of its own in the same form.
"""
import base64
import json
import sys

from jupyter_client.session import Session

session = Session(key=sys.argv[1].encode())
ours = [base64.b64decode(f) for f in json.loads(sys.argv[2])]
message = session.deserialize(ours[1:], content=True)  # checks the signature
assert message["content"]["text"] == "größer ∑", message
assert message["parent_header"] == {"msg_id": "0"}, message
assert [bytes(b) for b in message["buffers"]] == [b"\0\1\2", b""], message

reply = session.msg("execute_request", {"code": "1+1"})
frames = session.serialize(reply) + [b"buffer"]
print(json.dumps([base64.b64encode(f).decode() for f in frames]))
