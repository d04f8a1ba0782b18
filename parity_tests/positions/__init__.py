"""Positions, compared with ONNX, transformers and complex numbers."""
