"""Why a file cannot be used, in words for the person who uploaded it."""


class PictureError(ValueError):
    """A file cannot be used; the message is the reason, for the person who uploaded it."""


class EmptyFileError(PictureError):
    """The file has no bytes."""


class NotAPictureError(PictureError):
    """The file is no picture, or one of a kind that nst does not read."""


class DamagedPictureError(PictureError):
    """The file starts as a picture but cannot be decoded to its end."""


class PictureTooLargeError(PictureError):
    """The picture has more pixels than nst decodes."""


class PictureTooSmallError(PictureError):
    """A side is shorter than the network can see."""


class TransparentPictureError(PictureError):
    """No pixel is visible."""
