"""What Lambda hands a function beside the event."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LambdaContext:
    """The facts of one invocation."""

    function_name: str
    aws_request_id: str
    memory_limit_in_mb: int = 512
    remaining_ms: int = 28_000  # as the template has it
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:local"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms
