# deviator with its documentation's and explorer's extras, for one user without rights.
#   docker build -t deviator .
#   docker run --rm -v "$PWD/runs:/home/user/runs" deviator audit sigma-dcda --economy private-values --sigma 0.5
FROM python:3.11-slim

RUN useradd --create-home user
WORKDIR /home/user/source
COPY . .
# The CPU build of torch: the builds for graphics cards take several gigabytes.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" -c constraints.txt ".[plot,recurrent,large,explore]"

USER user
WORKDIR /home/user
ENTRYPOINT ["deviator"]
CMD ["--help"]
