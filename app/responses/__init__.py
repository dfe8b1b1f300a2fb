"""The answers: stored bytes and DICOM JSON or XML, checked against what the client holds, and streamed.

Whatever can be refused is refused before an answer is made; memory stays bounded however long it is.
"""
