"""What a reader of the images would see: frames and documents rendered in consumer formats (PS3.18 8.3.5, 8.7.4).

``kind.kind_of`` tells how an instance is rendered:

- an image by ``decoded_frame.decode_frame`` and ``pipeline.render``, the pixel transformation sequence of PS3.4 N.2,
  one stage a file; with a presentation state by ``presented.render_presented``
- a waveform by ``waveform_sheet.render_waveform``
- a report by ``report.read_report`` and ``report_documents``
- anything else by ``icon.icon``, for thumbnails only

``encode`` makes bytes of a picture, ``parameters`` reads what the client asks for. Everything here is pure and
synchronous; only services import it.
"""
