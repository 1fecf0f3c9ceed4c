"""FlyteAdmin's API: gRPC requests and signed addresses in, answers or refusals out."""
