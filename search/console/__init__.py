"""CONSOLE"""
