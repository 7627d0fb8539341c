"""The server's handler: SageMaker's default one."""

from sagemaker_inference.default_handler_service import DefaultHandlerService

_service = DefaultHandlerService()


def handle(data, context):
    if not _service._service._initialized:
        _service.initialize(context)
    return _service.handle(data, context) if data is not None else None
