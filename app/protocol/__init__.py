"""HTTP syntax, sans-io: media types, Accept and negotiation, multipart, byte ranges, query strings.

Pure and synchronous: values and bytes in, values and bytes out. Routes and whatever stands beside them may import it;
it imports the plain values of ``storage`` and python-multipart, and never FastAPI.
"""
